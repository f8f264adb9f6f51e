import{Empty as o,Main as r,jsx as t,t as m}from"./app.js";function e(){return t(r,{children:t(o,{title:m("page.soon")})})}export{e as default};

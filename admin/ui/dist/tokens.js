import{Empty as t,Main as r,jsx as o,t as m}from"./app.js";function e(){return o(r,{children:o(t,{title:m("page.soon")})})}export{e as default};

import{Empty as t,Main as r,jsx as o,t as m}from"./app.js";function f(){return o(r,{children:o(t,{title:m("page.soon")})})}export{f as default};

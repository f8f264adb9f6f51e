import{Empty as o,Main as r,jsx as t,t as e}from"./app.js";function m(){return t(r,{children:t(o,{title:e("page.soon")})})}export{m as default};

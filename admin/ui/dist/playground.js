import{Empty as r}from"./app.js";import{t as m}from"./app.js";import{Main as i}from"./app.js";import{jsx as p}from"./app.js";

import{Empty as t}from"./app.js";import{t as m}from"./app.js";import{Main as f}from"./app.js";import{jsx as p}from"./app.js";

import{Empty as t}from"./app.js";import{t as m}from"./app.js";import{Main as i}from"./app.js";import{jsx as e}from"./app.js";

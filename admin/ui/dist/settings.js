import{Empty as t}from"./app.js";import{t as i}from"./app.js";import{Main as e}from"./app.js";import{jsx as n}from"./app.js";

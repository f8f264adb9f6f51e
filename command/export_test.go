package command

// What the tests look at.
const DemoAddress = demoAddress

var DemoConfig = demoConfig

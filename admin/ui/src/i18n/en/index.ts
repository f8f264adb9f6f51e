import shell from "./shell"
import overview from "./overview"
import welcome from "./welcome"
import channels from "./channels"
import requests from "./requests"

export default { ...shell, ...overview, ...welcome, ...channels, ...requests }

import costs from "../zh/costs"
import playground from "../zh/playground"
import settings from "../zh/settings"
import tokens from "../zh/tokens"

export default { ...costs, ...tokens, ...playground, ...settings }

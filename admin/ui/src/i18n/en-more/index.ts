// Texts of the pages that are opened seldom: a file of their own, loaded with the first of them.
import costs from "../en/costs"
import playground from "../en/playground"
import settings from "../en/settings"
import tokens from "../en/tokens"

export default { ...costs, ...tokens, ...playground, ...settings } as const

import { render } from "preact"
import { startLive } from "./api/live"
import { lang, loadLanguage } from "./i18n/text"
import { App } from "./shell/app"

const root = document.getElementById("app")
if (root) {
	void loadLanguage(lang.peek()).then(() => {
		render(<App />, root)
		startLive()
	})
}

import { signal } from "@preact/signals"
import type { Lang } from "../i18n/lang"

// How the pages look is kept in a cookie, so that the server writes it into the
// document and the first frame is right. It is no secret.

export type Theme = "" | "light" | "dark"

export const theme = signal<Theme>((document.documentElement.dataset.theme as Theme) || "")

const dark = matchMedia("(prefers-color-scheme: dark)")

/** What is really shown. */
export const isDark = signal(false)

function look(): void {
	isDark.value = theme.value === "dark" || (theme.value === "" && dark.matches)
}
look()
dark.addEventListener("change", look)

export function setTheme(value: Theme, lang: Lang): void {
	theme.value = value
	document.documentElement.dataset.theme = value
	look()
	keepLook(lang)
}

/** Remembers theme and language for a year. */
export function keepLook(lang: Lang): void {
	document.cookie = `ccload_look=${theme.value}.${lang}; Path=${location.pathname}; Max-Age=31536000; SameSite=Strict`
}

export type Lang = "en" | "zh"
export const langs: readonly Lang[] = ["en", "zh"]

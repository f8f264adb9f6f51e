import type en from "../en/settings"
import type { Message } from "../text"

export default {
} satisfies Record<keyof typeof en, Message>

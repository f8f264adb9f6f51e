import type en from "../en/playground"
import type { Message } from "../text"

export default {
} satisfies Record<keyof typeof en, Message>

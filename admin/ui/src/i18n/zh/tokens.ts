import type en from "../en/tokens"
import type { Message } from "../text"

export default {
} satisfies Record<keyof typeof en, Message>

import type en from "../en/channels"
import type { Message } from "../text"

export default {
} satisfies Record<keyof typeof en, Message>

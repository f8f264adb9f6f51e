import type en from "../en/requests"
import type { Message } from "../text"

export default {
} satisfies Record<keyof typeof en, Message>

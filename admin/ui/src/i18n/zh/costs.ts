import type en from "../en/costs"
import type { Message } from "../text"

export default {
} satisfies Record<keyof typeof en, Message>

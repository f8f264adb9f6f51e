/** What is sent: of the same shape as what is shown, but most may be left out. */
export type Sent<T> = T extends (infer U)[] ? Sent<U>[] : T extends object ? { [K in keyof T]?: Sent<T[K]> | null } : T

/** A value in an address. */
export type Param = string | number | boolean

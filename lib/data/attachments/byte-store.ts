/** Stores the bytes of attachments. Keys are ours: two ids with a slash between them. */
export interface ByteStore {
  /** Atomic; overwrites. */
  write(key: string, bytes: Uint8Array): Promise<void>
  /** Null if there are none. */
  read(key: string): Promise<Uint8Array | null>
  /** Does nothing if there are none. */
  delete(key: string): Promise<void>
}

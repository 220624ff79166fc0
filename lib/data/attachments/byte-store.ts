/** Where the bytes of attachments are kept. Keys are ours: two ids with a slash between them. */
export interface ByteStore {
  /** Whole or not at all; overwrites. */
  write(key: string, bytes: Uint8Array): Promise<void>
  /** Null where there are none. */
  read(key: string): Promise<Uint8Array | null>
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>
}

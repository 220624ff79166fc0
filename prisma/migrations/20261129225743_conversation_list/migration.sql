-- AlterTable
ALTER TABLE "thread_items" ADD COLUMN     "words" tsvector;

-- AlterTable
ALTER TABLE "threads" ADD COLUMN     "archived_at" TIMESTAMPTZ(3),
ADD COLUMN     "deleted_at" TIMESTAMPTZ(3),
ADD COLUMN     "pinned_at" TIMESTAMPTZ(3),
ADD COLUMN     "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "words" tsvector;

-- CreateIndex
CREATE INDEX "threads_owner_id_updated_at_id_idx" ON "threads"("owner_id", "updated_at", "id");

-- The few rows that the list of conversations and the expiry look for.
CREATE INDEX "threads_pinned" ON "threads" ("owner_id", "pinned_at") WHERE "pinned_at" IS NOT NULL;
CREATE INDEX "threads_deleted" ON "threads" ("deleted_at") WHERE "deleted_at" IS NOT NULL;

-- A search reads a person's messages newest first (lib/data/chat/conversation-search.ts). Row-level security keeps PostgreSQL from using
-- a GIN index, so that there is none. The words are worked out before a search, as those of notes.
CREATE INDEX "thread_items_messages" ON "thread_items" ("owner_id", "seq") WHERE "type" IN ('user_message', 'assistant_message');
CREATE INDEX "thread_items_without_words" ON "thread_items" ("owner_id", "seq")
    WHERE "words" IS NULL AND "type" IN ('user_message', 'assistant_message');
CREATE INDEX "threads_without_words" ON "threads" ("owner_id") WHERE "words" IS NULL;

CREATE TRIGGER forget_words BEFORE UPDATE ON "thread_items" FOR EACH ROW
    WHEN (OLD.words IS NOT NULL AND OLD.data IS DISTINCT FROM NEW.data) EXECUTE FUNCTION forget_words();
CREATE TRIGGER forget_words BEFORE UPDATE ON "threads" FOR EACH ROW
    WHEN (OLD.words IS NOT NULL AND OLD.title IS DISTINCT FROM NEW.title) EXECUTE FUNCTION forget_words();

-- Until now, a rename counted as a change and a message did not.
UPDATE "threads" SET "updated_at" = last_use.at
FROM (SELECT "thread_id", max("created_at") AS at FROM "thread_items" WHERE "type" = 'user_message' GROUP BY "thread_id") AS last_use
WHERE last_use.thread_id = "threads"."id";

-- AlterTable
ALTER TABLE "notes" DROP COLUMN "search",
ADD COLUMN     "words" tsvector;

-- AlterTable
ALTER TABLE "tasks" ADD COLUMN     "words" tsvector;

-- CreateIndex
CREATE INDEX "notes_words_idx" ON "notes" USING GIN ("words");

-- CreateIndex
CREATE INDEX "tasks_words_idx" ON "tasks" USING GIN ("words");

-- The words are worked out by the server (lib/data/search-index.ts), before the next search of the rows' owner: of rows that were there
-- before this migration, and of those whose texts change, whoever changes them.
CREATE INDEX "notes_without_words" ON "notes" ("owner_id") WHERE "words" IS NULL;
CREATE INDEX "tasks_without_words" ON "tasks" ("owner_id") WHERE "words" IS NULL;

CREATE FUNCTION forget_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.words := NULL;
    RETURN NEW;
END
$$;
CREATE TRIGGER forget_words BEFORE UPDATE ON "notes" FOR EACH ROW
    WHEN ((OLD.title, OLD.body) IS DISTINCT FROM (NEW.title, NEW.body)) EXECUTE FUNCTION forget_words();
CREATE TRIGGER forget_words BEFORE UPDATE ON "tasks" FOR EACH ROW
    WHEN (OLD.title IS DISTINCT FROM NEW.title) EXECUTE FUNCTION forget_words();

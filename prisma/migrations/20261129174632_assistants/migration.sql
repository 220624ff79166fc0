-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "assistant_version_id" TEXT;

-- AlterTable
ALTER TABLE "tool_calls" ADD COLUMN     "assistant_version_id" TEXT;

-- CreateTable
CREATE TABLE "assistants" (
    "id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "origin" TEXT NOT NULL DEFAULT 'page',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removed_at" TIMESTAMPTZ(3),

    CONSTRAINT "assistants_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "assistant_versions" (
    "id" TEXT NOT NULL,
    "assistant_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "config" JSONB NOT NULL,
    "config_hash" TEXT NOT NULL,
    "saved_by" TEXT,
    "restored_from" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "assistant_versions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "organisation" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "instructions" TEXT NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_by" TEXT,

    CONSTRAINT "organisation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "own_words" (
    "owner_id" TEXT NOT NULL,
    "about" TEXT NOT NULL,
    "how_to_answer" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "own_words_pkey" PRIMARY KEY ("owner_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "assistants_slug_origin_key" ON "assistants"("slug", "origin");

-- CreateIndex
CREATE UNIQUE INDEX "assistant_versions_assistant_id_number_key" ON "assistant_versions"("assistant_id", "number");

-- AddForeignKey
ALTER TABLE "assistant_versions" ADD CONSTRAINT "assistant_versions_assistant_id_fkey" FOREIGN KEY ("assistant_id") REFERENCES "assistants"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "own_words" ADD CONSTRAINT "own_words_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "assistants" ADD CONSTRAINT "assistants_origin" CHECK ("origin" IN ('page', 'file'));

-- Row-level security: a person's own words are theirs; the rest is the operator's.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['assistants', 'assistant_versions', 'organisation', 'own_words'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY system ON %I USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()))', t);
    END LOOP;
    CREATE POLICY owner_only ON "own_words" USING (owner_id = (SELECT app_user_id())) WITH CHECK (owner_id = (SELECT app_user_id()));
END
$$;

-- CreateTable
CREATE TABLE "summaries" (
    "id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "thread_id" TEXT NOT NULL,
    "through_id" TEXT NOT NULL,
    "item_id" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'claimed',
    "text" TEXT,
    "model" TEXT,
    "sources" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "claimed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "made_at" TIMESTAMPTZ(3),

    CONSTRAINT "summaries_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "summaries_owner_id_idx" ON "summaries"("owner_id");

-- CreateIndex
CREATE UNIQUE INDEX "summaries_thread_id_through_id_key" ON "summaries"("thread_id", "through_id");

-- AddForeignKey
ALTER TABLE "summaries" ADD CONSTRAINT "summaries_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "summaries" ADD CONSTRAINT "summaries_thread_id_owner_id_fkey" FOREIGN KEY ("thread_id", "owner_id") REFERENCES "threads"("id", "owner_id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "summaries" ADD CONSTRAINT "summaries_status" CHECK ("status" IN ('claimed', 'made', 'failed') AND (("status" = 'made') = ("text" IS NOT NULL)));

ALTER TABLE "summaries" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "summaries" FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON "summaries" USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()));
CREATE POLICY owner_only ON "summaries" USING (owner_id = (SELECT app_user_id())) WITH CHECK (owner_id = (SELECT app_user_id()));
-- A run that was taken for dead summarises nothing more.
CREATE TRIGGER open_run BEFORE INSERT OR UPDATE OR DELETE ON "summaries" FOR EACH STATEMENT EXECUTE FUNCTION require_open_run();

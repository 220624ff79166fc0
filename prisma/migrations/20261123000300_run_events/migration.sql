-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "last_seq" INTEGER;

-- CreateTable
CREATE TABLE "run_events" (
    "run_id" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "owner_id" TEXT NOT NULL,
    "event" JSONB NOT NULL,
    "pieces" INTEGER[],

    CONSTRAINT "run_events_pkey" PRIMARY KEY ("run_id","seq")
);

-- AddForeignKey
ALTER TABLE "run_events" ADD CONSTRAINT "run_events_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "run_events" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "run_events" FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON "run_events" USING (owner_id = (SELECT app_user_id())) WITH CHECK (owner_id = (SELECT app_user_id()));
CREATE POLICY system ON "run_events" USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()));

-- Runs that ended before they had a log have nothing to close.
SELECT set_config('app.system', 'migration', true);
UPDATE "runs" SET "last_seq" = 0 WHERE "finished_at" IS NOT NULL;
SELECT set_config('app.system', '', true);

-- Ended runs whose log nobody has closed, and those whose log has to go an hour later: both are few.
CREATE INDEX "runs_unclosed" ON "runs" ("finished_at") WHERE "last_seq" IS NULL AND "finished_at" IS NOT NULL;
CREATE INDEX "runs_logged" ON "runs" ("finished_at") WHERE "last_seq" > 0;

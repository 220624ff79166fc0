-- AlterTable
ALTER TABLE "users" ADD COLUMN     "memory_off" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "memories" (
    "id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "memories_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "memories_owner_id_updated_at_idx" ON "memories"("owner_id", "updated_at");

-- AddForeignKey
ALTER TABLE "memories" ADD CONSTRAINT "memories_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "memories" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "memories" FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON "memories" USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()));
CREATE POLICY owner_only ON "memories" USING (owner_id = (SELECT app_user_id())) WITH CHECK (owner_id = (SELECT app_user_id()));
-- A run that was taken for dead remembers nothing more.
CREATE TRIGGER open_run BEFORE INSERT OR UPDATE OR DELETE ON "memories" FOR EACH STATEMENT EXECUTE FUNCTION require_open_run();

-- CreateTable
CREATE TABLE "branches" (
    "id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "thread_id" TEXT NOT NULL,
    "after_id" TEXT,
    "seq" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "branches_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "branch_items" (
    "thread_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "branch_id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "type" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "branch_items_pkey" PRIMARY KEY ("thread_id","id")
);

-- CreateIndex
CREATE INDEX "branches_thread_id_after_id_idx" ON "branches"("thread_id", "after_id");

-- CreateIndex
CREATE INDEX "branches_owner_id_idx" ON "branches"("owner_id");

-- CreateIndex
CREATE UNIQUE INDEX "branches_id_thread_id_owner_id_key" ON "branches"("id", "thread_id", "owner_id");

-- CreateIndex
CREATE INDEX "branch_items_branch_id_seq_idx" ON "branch_items"("branch_id", "seq");

-- CreateIndex
CREATE INDEX "branch_items_owner_id_idx" ON "branch_items"("owner_id");

-- AddForeignKey
ALTER TABLE "branches" ADD CONSTRAINT "branches_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "branches" ADD CONSTRAINT "branches_thread_id_owner_id_fkey" FOREIGN KEY ("thread_id", "owner_id") REFERENCES "threads"("id", "owner_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "branch_items" ADD CONSTRAINT "branch_items_branch_id_thread_id_owner_id_fkey" FOREIGN KEY ("branch_id", "thread_id", "owner_id") REFERENCES "branches"("id", "thread_id", "owner_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "branch_items" ADD CONSTRAINT "branch_items_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "branches" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "branches" FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON "branches" USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()));
CREATE POLICY owner_only ON "branches" USING (owner_id = (SELECT app_user_id())) WITH CHECK (owner_id = (SELECT app_user_id()));
ALTER TABLE "branch_items" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "branch_items" FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON "branch_items" USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()));
CREATE POLICY owner_only ON "branch_items" USING (owner_id = (SELECT app_user_id())) WITH CHECK (owner_id = (SELECT app_user_id()));
-- A run that was taken for dead sets nothing more aside.
CREATE TRIGGER open_run BEFORE INSERT OR UPDATE OR DELETE ON "branches" FOR EACH STATEMENT EXECUTE FUNCTION require_open_run();
CREATE TRIGGER open_run BEFORE INSERT OR UPDATE OR DELETE ON "branch_items" FOR EACH STATEMENT EXECUTE FUNCTION require_open_run();

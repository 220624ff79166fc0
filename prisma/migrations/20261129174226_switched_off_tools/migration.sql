-- CreateTable
CREATE TABLE "switched_off_tools" (
    "thread_id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "server" TEXT NOT NULL,
    "tool" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "switched_off_tools_pkey" PRIMARY KEY ("thread_id","server","tool")
);

-- CreateIndex
CREATE INDEX "switched_off_tools_owner_id_idx" ON "switched_off_tools"("owner_id");

-- AddForeignKey
ALTER TABLE "switched_off_tools" ADD CONSTRAINT "switched_off_tools_thread_id_owner_id_fkey" FOREIGN KEY ("thread_id", "owner_id") REFERENCES "threads"("id", "owner_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "switched_off_tools" ADD CONSTRAINT "switched_off_tools_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "switched_off_tools" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "switched_off_tools" FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON "switched_off_tools" USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()));
CREATE POLICY owner_only ON "switched_off_tools" USING (owner_id = (SELECT app_user_id())) WITH CHECK (owner_id = (SELECT app_user_id()));

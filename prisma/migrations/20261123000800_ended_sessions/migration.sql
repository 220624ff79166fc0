-- CreateTable
CREATE TABLE "ended_sessions" (
    "id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "ended_sessions_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "ended_sessions_owner_id_idx" ON "ended_sessions"("owner_id");

-- AddForeignKey
ALTER TABLE "ended_sessions" ADD CONSTRAINT "ended_sessions_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "ended_sessions" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "ended_sessions" FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON "ended_sessions" USING ("owner_id" = (SELECT app_user_id())) WITH CHECK ("owner_id" = (SELECT app_user_id()));
CREATE POLICY system ON "ended_sessions" USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()));

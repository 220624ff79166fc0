-- AlterTable
ALTER TABLE "attachments" ADD COLUMN     "share_id" TEXT;

-- CreateTable
CREATE TABLE "shares" (
    "id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "thread_id" TEXT NOT NULL,
    "title" TEXT,
    "audience" JSONB NOT NULL,
    "addresses" TEXT[],
    "with_tools" BOOLEAN NOT NULL,
    "status" JSONB NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "shares_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "shared_items" (
    "share_id" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "calls" JSONB,

    CONSTRAINT "shared_items_pkey" PRIMARY KEY ("share_id","seq")
);

-- CreateIndex
CREATE INDEX "shares_owner_id_created_at_idx" ON "shares"("owner_id", "created_at");

-- CreateIndex
CREATE INDEX "shares_thread_id_idx" ON "shares"("thread_id");

-- CreateIndex
CREATE INDEX "shares_expires_at_idx" ON "shares"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "shares_id_owner_id_key" ON "shares"("id", "owner_id");

-- CreateIndex
CREATE INDEX "shared_items_owner_id_idx" ON "shared_items"("owner_id");

-- CreateIndex
CREATE UNIQUE INDEX "shared_items_share_id_id_key" ON "shared_items"("share_id", "id");

-- CreateIndex
CREATE INDEX "attachments_share_id_idx" ON "attachments"("share_id");

-- AddForeignKey
ALTER TABLE "shares" ADD CONSTRAINT "shares_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "shares" ADD CONSTRAINT "shares_thread_id_owner_id_fkey" FOREIGN KEY ("thread_id", "owner_id") REFERENCES "threads"("id", "owner_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "shared_items" ADD CONSTRAINT "shared_items_share_id_owner_id_fkey" FOREIGN KEY ("share_id", "owner_id") REFERENCES "shares"("id", "owner_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "shared_items" ADD CONSTRAINT "shared_items_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "shares" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "shares" FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON "shares" USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()));
CREATE POLICY owner_only ON "shares" USING (owner_id = (SELECT app_user_id())) WITH CHECK (owner_id = (SELECT app_user_id()));

ALTER TABLE "shared_items" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "shared_items" FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON "shared_items" USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()));
CREATE POLICY owner_only ON "shared_items" USING (owner_id = (SELECT app_user_id())) WITH CHECK (owner_id = (SELECT app_user_id()));

-- Row-level security shows a share to its owner alone. Others read it through the functions below, which look past it for as
-- long as they run and check for themselves: the share has not ended, its conversation was not deleted, its owner may still sign in, and the person of this
-- transaction may sign in and is among its readers. Nothing else leads to another person's share. An error inside one of them
-- rolls the transaction back, and the setting with it.
CREATE FUNCTION find_open_share(wanted text) RETURNS SETOF shares LANGUAGE plpgsql AS $$
DECLARE
    before text := coalesce(current_setting('app.system', true), '');
BEGIN
    PERFORM set_config('app.system', 'shares', true);
    RETURN QUERY SELECT shares.* FROM shares
        JOIN threads ON threads.id = shares.thread_id AND threads.deleted_at IS NULL
        JOIN users AS owner ON owner.id = shares.owner_id AND owner.disabled_at IS NULL
        JOIN users AS reader ON reader.id = app_user_id() AND reader.disabled_at IS NULL
        WHERE shares.id = wanted AND shares.expires_at > now() AND (reader.id = owner.id
            OR coalesce(shares.audience->>'kind' = 'everybody' OR (shares.audience->>'kind' = 'chosen'
                AND (shares.audience->'roles' @> to_jsonb(reader.role::text) OR shares.audience->'people' @> to_jsonb(reader.id))), false));
    PERFORM set_config('app.system', before, true);
END
$$;

-- The items after one of them (by default from the end), in either direction.
CREATE FUNCTION list_open_share_items(wanted text, after_id text, is_ascending boolean, most integer)
    RETURNS SETOF shared_items LANGUAGE plpgsql AS $$
DECLARE
    share text := (SELECT id FROM find_open_share(wanted));
    before text := coalesce(current_setting('app.system', true), '');
BEGIN
    PERFORM set_config('app.system', 'shares', true);
    RETURN QUERY SELECT shared_items.* FROM shared_items
        LEFT JOIN shared_items AS cursor ON cursor.share_id = share AND cursor.id = after_id
        WHERE shared_items.share_id = share AND (after_id IS NULL
            OR CASE WHEN is_ascending THEN shared_items.seq > cursor.seq ELSE shared_items.seq < cursor.seq END)
        ORDER BY CASE WHEN is_ascending THEN shared_items.seq ELSE -shared_items.seq END LIMIT most;
    PERFORM set_config('app.system', before, true);
END
$$;

CREATE FUNCTION find_open_share_file(wanted text, file text) RETURNS SETOF attachments LANGUAGE plpgsql AS $$
DECLARE
    share text := (SELECT id FROM find_open_share(wanted));
    before text := coalesce(current_setting('app.system', true), '');
BEGIN
    PERFORM set_config('app.system', 'shares', true);
    RETURN QUERY SELECT attachments.* FROM attachments WHERE attachments.share_id = share AND attachments.id = file;
    PERFORM set_config('app.system', before, true);
END
$$;

-- The name of the person who shares it, as of now.
CREATE FUNCTION find_sharer_name(wanted text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    sharer text := (SELECT owner_id FROM find_open_share(wanted));
    before text := coalesce(current_setting('app.system', true), '');
    found text;
BEGIN
    PERFORM set_config('app.system', 'shares', true);
    SELECT name INTO found FROM users WHERE id = sharer;
    PERFORM set_config('app.system', before, true);
    RETURN found;
END
$$;

-- A process that was frozen for so long that others closed its run wakes up and goes on where it stood. What it writes for
-- the run is refused here: lib/db.ts names the run (app.run_id) in each transaction that belongs to one. The lock makes
-- whoever closes the run wait for a write that came first.
CREATE FUNCTION require_open_run() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    run text := nullif(current_setting('app.run_id', true), '');
BEGIN
    IF run IS NOT NULL THEN
        PERFORM FROM runs WHERE id = run AND last_seq IS NULL AND status IN ('queued', 'running', 'stopped') FOR KEY SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'run % is over, nothing more is written for it', run USING ERRCODE = 'SB001';
        END IF;
    END IF;
    RETURN NULL;
END
$$;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['threads', 'thread_items', 'tasks', 'notes', 'approvals', 'paused_runs'] LOOP
        EXECUTE format('CREATE TRIGGER open_run BEFORE INSERT OR UPDATE OR DELETE ON %I FOR EACH STATEMENT EXECUTE FUNCTION require_open_run()', t);
    END LOOP;
END
$$;
-- A call that was begun may still get its outcome: that is written once, and only by whoever is first.
CREATE TRIGGER open_run BEFORE INSERT ON tool_calls FOR EACH STATEMENT EXECUTE FUNCTION require_open_run();

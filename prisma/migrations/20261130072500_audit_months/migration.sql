-- The application may only add to the audit table. Old months go through this function alone: the oldest
-- closed month, if it is older than the `keep` months before this one. Leaves a note in the table.
-- Row-level security is forced, so the caller must be in a transaction of the system. Returns the number
-- of rows it deleted.
CREATE FUNCTION drop_audit_month(keep integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    oldest timestamp;
    gone integer;
BEGIN
    IF keep IS NULL OR keep < 3 THEN
        RAISE EXCEPTION 'The last three closed months of the audit table stay.';
    END IF;
    -- Replicas take turns, so that each month has one note.
    PERFORM pg_advisory_xact_lock(7270736912);
    SELECT date_trunc('month', min(e."at") AT TIME ZONE 'UTC') INTO oldest FROM public.audit_events e;
    IF oldest IS NULL OR oldest >= date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => keep) THEN
        RETURN 0;
    END IF;
    DELETE FROM public.audit_events e WHERE e."at" < (oldest + interval '1 month') AT TIME ZONE 'UTC';
    GET DIAGNOSTICS gone = ROW_COUNT;
    INSERT INTO public.audit_events (id, action, detail)
    VALUES ('evt_' || replace(gen_random_uuid()::text, '-', ''), 'audit_month_dropped',
        jsonb_build_object('month', to_char(oldest, 'YYYY-MM'), 'events', gone));
    RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION drop_audit_month(integer) FROM PUBLIC;

-- What people declined before counts as declined, too. A migration of its own: a new value of a type is not used in the transaction
-- that adds it.
SELECT set_config('app.system', 'migration', true);
UPDATE "tool_calls" SET "status" = 'declined', "failure_class" = 'declined'
WHERE "status" = 'failed' AND "failure_class" = 'denied' AND "error_message" IN (
    'The person did not agree to this call.',
    'The person wrote something else instead of agreeing to this call.',
    'Nobody agreed to this call in time.'
);
SELECT set_config('app.system', '', true);

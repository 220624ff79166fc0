// A believable quarter of an installation: people, servers, models, conversations, runs, requests and
// calls, made by PostgreSQL itself. Weekdays and office hours are busier, use grows, one server has an
// outage, another one is slow, and one model began to fail an hour ago.

/** How many calls belong to one run, on the average. */
export const CALLS_PER_RUN = 9
/** The runs that one statement writes, with their requests and calls. */
export const BATCH_RUNS = 1_000

const SERVERS = ['switchboard', 'crm', 'tickets', 'files', 'calendar', 'search', 'billing', 'wiki']
const VERBS = ['list', 'find', 'read', 'add', 'update', 'close']
const NOUNS = ['accounts', 'tickets', 'invoices', 'pages', 'events', 'files', 'contacts', 'reports']
const FIRST = ['Ada', 'Ben', 'Chen', 'Dana', 'Emil', 'Fatma', 'Goran', 'Hana', 'Ivo', 'Jana', 'Kofi', 'Lena']
const LAST = [
  'Adler',
  'Brandt',
  'Costa',
  'Dias',
  'Engel',
  'Fischer',
  'Garcia',
  'Hansen',
  'Ito',
  'Jansen',
  'Kaya',
  'Lee',
]

/** Texts as an array of SQL. They are constants of this file. */
const list = (texts: string[]) => `ARRAY[${texts.map((text) => `'${text}'`).join(',')}]`
/** One of `texts`, chosen by the number that the SQL `by` gives. */
const pick = (texts: string[], by: string) => `(${list(texts)})[1 + (${by})::int % ${texts.length}]`

/** 240 people, and servers that are switched off, because nothing listens at their addresses. */
export const SEED_PLACES = [
  `INSERT INTO users (id, email, name, created_at, last_active_at, time_zone)
   SELECT 'usr_seed' || n, 'seed' || n || '@example.com', ${pick(FIRST, 'n')} || ' ' || ${pick(LAST, 'n / 12')} || CASE WHEN n > 144 THEN ' ' || n ELSE '' END,
     now() - interval '91 days', now() - make_interval(hours => n % 70), 'Europe/Berlin'
   FROM generate_series(1, 240) AS n`,
  `INSERT INTO mcp_servers (id, name, url, enabled, config)
   SELECT 'srv_seed_' || name, name, 'https://' || name || '.example.com/mcp', false, '{}'
   FROM unnest(${list(SERVERS.slice(1))}) AS name ON CONFLICT (name) DO NOTHING`,
]

/** Conversations of the runs from `$1` to `$2`, five runs each. */
const THREADS = `
  INSERT INTO threads (id, owner_id, title, created_at, updated_at)
  SELECT 'thr_seed' || n / 5, 'usr_seed' || (1 + (n / 5) * 7919 % 240), 'Seeded conversation ' || n / 5, now() - interval '90 days', now()
  FROM generate_series($1::int, $2::int) AS n WHERE n % 5 = 0 OR n = $1::int ON CONFLICT DO NOTHING`

// The moment of a run: later days are busier, weekends quiet, and most hours those of an office. The
// last runs are those of this hour, so that the overview has something to say.
const RUNS = `
  INSERT INTO runs (id, owner_id, thread_id, request_id, status, operation, model, provider, input_tokens, output_tokens, model_calls,
    failure_class, error_message, created_at, started_at, first_delta_at, heartbeat_at, finished_at, last_seq)
  SELECT id, owner, thread, 'req_seed' || n, status::"RunStatus", 'threads.add_user_message', model, provider, tokens, tokens / 6, 2,
    CASE status WHEN 'failed' THEN failure END, CASE status WHEN 'failed' THEN 'The model could not answer.' END,
    at, at + interval '20 ms', at + first, at + first + took, at + first + took, 0
  FROM (
    SELECT *, CASE WHEN model = 'gpt-5.5-mini' AND at > now() - interval '1 hour' AND luck < 0.5 THEN 'failed'
                   WHEN luck < 0.012 THEN 'failed' WHEN luck < 0.02 THEN 'interrupted' WHEN luck < 0.05 THEN 'stopped' ELSE 'done' END AS status,
      ${pick(['model_overloaded', 'model_unreachable', 'model_limited', 'model_cut'], 'random() * 1000')} AS failure,
      CASE WHEN model LIKE 'claude%' THEN 'Anthropic' ELSE 'OpenAI' END AS provider
    FROM (
      SELECT n, 'run_seed' || n AS id, 'usr_seed' || (1 + (n / 5) * 7919 % 240) AS owner, 'thr_seed' || n / 5 AS thread, random() AS luck,
        CASE WHEN n > $3::int - 40 THEN now() - random() * interval '50 minutes'
             ELSE least(date_trunc('day', now()) - make_interval(days => (90 * (1 - sqrt(random())))::int)
               + make_interval(secs => 3600 * (7 + 4 * (random() + random() + random()))), now() - random() * interval '5 hours') END AS at,
        ${pick(['gpt-5.5', 'gpt-5.5', 'gpt-5.5-mini', 'claude-sonnet-5'], 'n * 31')} AS model,
        (400 + 6000 * random() * random())::int AS tokens,
        make_interval(secs => 0.3 + 2.2 * random() * random()) AS first, make_interval(secs => 1 + 20 * random() * random()) AS took
      FROM generate_series($1::int, $2::int) AS n
    ) AS run
  ) AS run`

const REQUESTS = `
  INSERT INTO model_requests (id, owner_id, thread_id, run_id, purpose, provider, model, assistant, input_tokens, cached_tokens, output_tokens,
    cost_micros, outcome, created_at, settled_at)
  SELECT 'mrq_seed_' || r.id || '_' || part, r.owner_id, r.thread_id, r.id, 'answer', r.provider, r.model, 'switchboard', r.input_tokens / 2,
    r.input_tokens / 4, r.output_tokens / 2, r.input_tokens * 3 / 2, CASE r.status WHEN 'failed' THEN 'failed' ELSE 'done' END::"RequestOutcome",
    r.created_at, r.finished_at
  FROM runs r CROSS JOIN generate_series(1, 2) AS part WHERE r.id IN (SELECT 'run_seed' || n FROM generate_series($1::int, $2::int) AS n)`

// Nine of ten calls are the assistant's, the others those of outside clients.
const CALLS = `
  INSERT INTO tool_calls (id, owner_id, via, thread_id, run_id, call_id, client_name, client_version, server, tool, model, provider, arguments,
    arguments_bytes, result, result_bytes, status, failure_class, error_message, started_at, finished_at, duration_ms, connected_ms)
  SELECT 'call_seed_' || run || '_' || k, owner, CASE WHEN outside THEN 'mcp' ELSE 'chat' END, CASE WHEN outside THEN NULL ELSE thread END,
    CASE WHEN outside THEN NULL ELSE run END, 'fc_' || run || '_' || k, CASE WHEN outside THEN client END, CASE WHEN outside THEN '1.4.0' END,
    server, tool, CASE WHEN outside THEN NULL ELSE model END, CASE WHEN outside THEN NULL ELSE provider END,
    jsonb_build_object('query', noun || ' of customer ' || number, 'limit', number % 50), 60,
    CASE status WHEN 'succeeded' THEN jsonb_build_object('content', jsonb_build_array(jsonb_build_object('type', 'text', 'text',
      'Found ' || noun || ' for order ' || number || ': ' || repeat('the delivery arrives soon. ', 1 + number % 12)))) END, 400,
    status::"ToolCallStatus", CASE status WHEN 'failed' THEN failure WHEN 'unknown' THEN 'transport_lost' WHEN 'declined' THEN 'declined'
      WHEN 'cancelled' THEN 'cancelled' END,
    CASE status WHEN 'failed' THEN 'The server ' || server || ' did not do it.' END, at, at + make_interval(secs => took / 1000.0),
    CASE status WHEN 'declined' THEN NULL ELSE took END, 12
  FROM (
    SELECT *, CASE WHEN server = 'crm' AND (at > now() - interval '1 hour' AND luck < 0.4
                        OR at::date = current_date - 12 AND extract(hour FROM at) BETWEEN 13 AND 16 AND luck < 0.8) THEN 'failed'
                   WHEN luck < 0.015 THEN 'failed' WHEN luck < 0.018 THEN 'unknown' WHEN luck < 0.024 THEN 'declined' WHEN luck < 0.03 THEN 'cancelled'
                   ELSE 'succeeded' END AS status,
      (8 + 900 * quick * quick * quick * CASE server WHEN 'search' THEN 9 WHEN 'switchboard' THEN 0.1 ELSE 1 END)::int AS took,
      ${pick(['refused', 'connect_timeout', 'idle_timeout', 'tool_error', 'tool_error', 'bad_arguments', 'overloaded', 'server_error'], 'random() * 1000')} AS failure,
      ${pick(['Claude Desktop', 'Cursor', 'VS Code'], 'random() * 1000')} AS client
    FROM (
      SELECT r.id AS run, r.owner_id AS owner, r.thread_id AS thread, r.model, r.provider, k, random() AS luck, random() AS quick,
        k % 10 = 9 AS outside, (random() * 900000)::int AS number, ${pick(NOUNS, 'random() * 1000')} AS noun,
        ${pick(SERVERS, 'random() * random() * 8')} AS server, ${pick(VERBS, 'random() * 1000')} || '_' || ${pick(NOUNS, 'random() * 1000')} AS tool,
        least(r.created_at + make_interval(secs => k * 0.4), now()) AS at
      FROM runs r CROSS JOIN LATERAL generate_series(1, $3::int) AS k
      WHERE r.id IN (SELECT 'run_seed' || n FROM generate_series($1::int, $2::int) AS n)
    ) AS call
  ) AS call`

/** What writes the runs from `from` to `to` of `runs` in all, each with `callsEach` calls. */
export function makeBatch({
  from,
  to,
  runs,
  callsEach,
}: {
  from: number
  to: number
  runs: number
  callsEach: number
}) {
  return [
    { text: THREADS, values: [from, to] },
    { text: RUNS, values: [from, to, runs] },
    { text: REQUESTS, values: [from, to] },
    { text: CALLS, values: [from, to, callsEach] },
  ]
}

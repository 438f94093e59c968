CREATE TABLE "consumption_quarter_hours" (
	"workspace_id" uuid NOT NULL,
	"starts_at" timestamp with time zone NOT NULL,
	"instance" text NOT NULL,
	"actor" text NOT NULL,
	"origin" text NOT NULL,
	"context" text NOT NULL,
	"connection_id" uuid NOT NULL,
	"model" text NOT NULL,
	"currency" text NOT NULL,
	"calls" bigint NOT NULL,
	"failed_calls" bigint NOT NULL,
	"interrupted_calls" bigint NOT NULL,
	"cost_nano" numeric NOT NULL,
	"unknown_cost_calls" bigint NOT NULL,
	"estimated_calls" bigint NOT NULL,
	"estimated_cost_nano" numeric NOT NULL,
	"unknown_usage_calls" bigint NOT NULL,
	"input_tokens" bigint NOT NULL,
	"cache_read_tokens" bigint NOT NULL,
	"cache_write_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	CONSTRAINT "consumption_quarter_hours_key" PRIMARY KEY("workspace_id","starts_at","origin","model","actor","connection_id","context","currency","instance")
);
--> statement-breakpoint
ALTER TABLE "consumption_quarter_hours" ADD CONSTRAINT "consumption_quarter_hours_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
DROP INDEX "ledger_entries_origin";--> statement-breakpoint
CREATE INDEX "ledger_entries_origin" ON "ledger_entries" USING btree ("origin","intended_at");--> statement-breakpoint
CREATE INDEX "ledger_entries_unknown_cost" ON "ledger_entries" USING btree ("workspace_id","intended_at") WHERE cost_nano is null;--> statement-breakpoint
ALTER TABLE consumption_quarter_hours ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE consumption_quarter_hours FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY own_workspace ON consumption_quarter_hours TO latchkey_workspace
  USING (workspace_id = (SELECT nullif(current_setting('latchkey.workspace', true), '')::uuid))
  WITH CHECK (workspace_id = (SELECT nullif(current_setting('latchkey.workspace', true), '')::uuid));
--> statement-breakpoint
CREATE POLICY every_workspace ON consumption_quarter_hours TO latchkey_system
  USING (current_user = 'latchkey_system') WITH CHECK (current_user = 'latchkey_system');
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON consumption_quarter_hours TO latchkey_workspace;
--> statement-breakpoint
-- Adds new ledger entries to the sums, in their own commit and with the rights of whoever inserts them. The order of the keys is
-- the same in every process, so that two that add to the same rows wait for each other and never in a circle. A model's name and its
-- counts come from a provider: the name is cut to what an index holds, a count to 10^12 a call, so that no answer can stop a commit.
CREATE FUNCTION add_to_consumption() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.consumption_quarter_hours AS summed (
    workspace_id, starts_at, origin, model, actor, connection_id, context, currency, instance,
    calls, failed_calls, interrupted_calls, cost_nano, unknown_cost_calls, estimated_calls, estimated_cost_nano,
    unknown_usage_calls, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens)
  SELECT workspace_id, date_bin('15 minutes', intended_at, TIMESTAMPTZ '2000-01-01 00:00:00Z'), origin,
    left(coalesce(served_model, requested_model), 200), actor, connection_id, context, currency, instance,
    count(*),
    count(*) FILTER (WHERE outcome = 'failed'),
    count(*) FILTER (WHERE outcome = 'interrupted'),
    coalesce(sum(cost_nano), 0),
    count(*) FILTER (WHERE cost_nano IS NULL),
    count(*) FILTER (WHERE usage_source = 'estimated'),
    coalesce(sum(cost_nano) FILTER (WHERE usage_source = 'estimated'), 0),
    count(*) FILTER (WHERE usage IS NULL AND cost_source IS DISTINCT FROM 'not_billed'),
    sum(least(coalesce((usage->>'input_tokens')::bigint, 0) + coalesce((usage->>'audio_input_tokens')::bigint, 0)
      + coalesce((usage->>'image_input_tokens')::bigint, 0), 1000000000000)),
    sum(least(coalesce((usage->>'cache_read_tokens')::bigint, 0), 1000000000000)),
    sum(least(coalesce((usage->>'cache_write_tokens')::bigint, 0) + coalesce((usage->>'cache_write_long_tokens')::bigint, 0), 1000000000000)),
    sum(least(coalesce((usage->>'output_tokens')::bigint, 0) + coalesce((usage->>'reasoning_tokens')::bigint, 0)
      + coalesce((usage->>'audio_output_tokens')::bigint, 0) + coalesce((usage->>'image_output_tokens')::bigint, 0), 1000000000000))
  FROM entered
  WHERE outcome <> 'not_sent'
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
  ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9
  ON CONFLICT (workspace_id, starts_at, origin, model, actor, connection_id, context, currency, instance) DO UPDATE SET
    calls = summed.calls + excluded.calls,
    failed_calls = summed.failed_calls + excluded.failed_calls,
    interrupted_calls = summed.interrupted_calls + excluded.interrupted_calls,
    cost_nano = summed.cost_nano + excluded.cost_nano,
    unknown_cost_calls = summed.unknown_cost_calls + excluded.unknown_cost_calls,
    estimated_calls = summed.estimated_calls + excluded.estimated_calls,
    estimated_cost_nano = summed.estimated_cost_nano + excluded.estimated_cost_nano,
    unknown_usage_calls = summed.unknown_usage_calls + excluded.unknown_usage_calls,
    input_tokens = summed.input_tokens + excluded.input_tokens,
    cache_read_tokens = summed.cache_read_tokens + excluded.cache_read_tokens,
    cache_write_tokens = summed.cache_write_tokens + excluded.cache_write_tokens,
    output_tokens = summed.output_tokens + excluded.output_tokens;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER add_to_consumption AFTER INSERT ON ledger_entries
  REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION add_to_consumption();
--> statement-breakpoint
-- Entries that are there already are summed by the same function: they pass through a table that is gone with the transaction.
CREATE TEMPORARY TABLE earlier_entries (LIKE ledger_entries) ON COMMIT DROP;
--> statement-breakpoint
CREATE TRIGGER add_to_consumption AFTER INSERT ON earlier_entries
  REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION add_to_consumption();
--> statement-breakpoint
GRANT INSERT ON earlier_entries TO latchkey_system;
--> statement-breakpoint
SET LOCAL ROLE latchkey_system;
--> statement-breakpoint
INSERT INTO earlier_entries SELECT * FROM ledger_entries;
--> statement-breakpoint
RESET ROLE;

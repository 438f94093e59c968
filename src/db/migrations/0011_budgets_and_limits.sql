CREATE TABLE "budget_windows" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"budget_id" uuid NOT NULL,
	"starts_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ends_at" timestamp with time zone,
	"spent_nano" bigint DEFAULT 0 NOT NULL,
	"held_nano" bigint DEFAULT 0 NOT NULL,
	"noticed_percent" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "rate_limit_buckets" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"full_at_ns" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "rate_limits" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"name" text NOT NULL,
	"covers" jsonb NOT NULL,
	"counts" text NOT NULL,
	"per_minute" bigint NOT NULL,
	"burst" bigint NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"removed_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "budgets" ALTER COLUMN "scope" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "workspaces" ADD COLUMN "limits_version" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "budgets" ADD COLUMN "name" text;--> statement-breakpoint
ALTER TABLE "budgets" ADD COLUMN "covers" jsonb;--> statement-breakpoint
ALTER TABLE "budgets" ADD COLUMN "period" text DEFAULT 'total' NOT NULL;--> statement-breakpoint
ALTER TABLE "budgets" ADD COLUMN "owner_price" jsonb;--> statement-breakpoint
ALTER TABLE "budgets" ADD COLUMN "notice_percents" jsonb;--> statement-breakpoint
ALTER TABLE "budgets" ADD COLUMN "created_by" text;--> statement-breakpoint
ALTER TABLE "budgets" ADD COLUMN "created_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "budgets" ADD COLUMN "removed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "call_intents" ADD COLUMN "owner_priced" jsonb;--> statement-breakpoint
ALTER TABLE "ledger_entries" ADD COLUMN "other_charges" jsonb;--> statement-breakpoint
ALTER TABLE "budget_windows" ADD CONSTRAINT "budget_windows_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "budget_windows" ADD CONSTRAINT "budget_windows_budget_id_budgets_id_fk" FOREIGN KEY ("budget_id") REFERENCES "public"."budgets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rate_limit_buckets" ADD CONSTRAINT "rate_limit_buckets_id_rate_limits_id_fk" FOREIGN KEY ("id") REFERENCES "public"."rate_limits"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rate_limit_buckets" ADD CONSTRAINT "rate_limit_buckets_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rate_limits" ADD CONSTRAINT "rate_limits_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "budget_windows_budget" ON "budget_windows" USING btree ("budget_id","starts_at");--> statement-breakpoint
CREATE INDEX "rate_limits_workspace" ON "rate_limits" USING btree ("workspace_id");--> statement-breakpoint
CREATE INDEX "budgets_set" ON "budgets" USING btree ("workspace_id") WHERE covers is not null;
--> statement-breakpoint
-- Row-level security, as 0003 has it. Windows and buckets are made by the commits that use them; nobody's own hand takes them away.
DO $$
DECLARE
  tenant text;
BEGIN
  FOREACH tenant IN ARRAY ARRAY['budget_windows', 'rate_limits', 'rate_limit_buckets']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant);
    EXECUTE format(
      'CREATE POLICY own_workspace ON %I TO latchkey_workspace
         USING (workspace_id = (SELECT nullif(current_setting(''latchkey.workspace'', true), '''')::uuid))
         WITH CHECK (workspace_id = (SELECT nullif(current_setting(''latchkey.workspace'', true), '''')::uuid))',
      tenant);
    EXECUTE format(
      'CREATE POLICY every_workspace ON %I TO latchkey_system
         USING (current_user = ''latchkey_system'') WITH CHECK (current_user = ''latchkey_system'')',
      tenant);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO latchkey_workspace', tenant);
  END LOOP;
END
$$;
--> statement-breakpoint
-- What the budgets of runs and trials took so far becomes their one window, under the same id: entries and intents name it already.
SET LOCAL ROLE latchkey_system;
--> statement-breakpoint
INSERT INTO budget_windows (id, workspace_id, budget_id, spent_nano, held_nano)
  SELECT id, workspace_id, id, spent_nano, held_nano FROM budgets;
--> statement-breakpoint
RESET ROLE;
--> statement-breakpoint
ALTER TABLE "budgets" DROP COLUMN "spent_nano";--> statement-breakpoint
ALTER TABLE "budgets" DROP COLUMN "held_nano";

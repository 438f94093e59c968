CREATE SCHEMA "keyring";
--> statement-breakpoint
CREATE TABLE "deployment" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "master_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"source" text NOT NULL,
	"check_value" "bytea" NOT NULL,
	"status" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "workspaces" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"slug" text NOT NULL,
	"currency" text DEFAULT 'USD' NOT NULL,
	"time_zone" text DEFAULT 'UTC' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "workspaces_slug_unique" UNIQUE("slug")
);
--> statement-breakpoint
CREATE TABLE "keyring"."data_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"master_key_id" uuid NOT NULL,
	"wrapped" "bytea" NOT NULL,
	"seals" bigint DEFAULT 0 NOT NULL,
	"status" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "data_keys_workspace_version" UNIQUE("workspace_id","version")
);
--> statement-breakpoint
CREATE TABLE "connections" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"provider" text NOT NULL,
	"label" text NOT NULL,
	"slug" text NOT NULL,
	"destination" jsonb NOT NULL,
	"sealed_key" text,
	"key_version" integer DEFAULT 0 NOT NULL,
	"key_last_four" text,
	"key_fingerprint" "bytea",
	"key_set_at" timestamp with time zone,
	"contexts" jsonb,
	"prices" jsonb,
	"status" text DEFAULT 'active' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "connections_slug" UNIQUE("workspace_id","slug")
);
--> statement-breakpoint
CREATE TABLE "assignments" (
	"workspace_id" uuid NOT NULL,
	"context" text NOT NULL,
	"position" integer NOT NULL,
	"connection_id" uuid NOT NULL,
	"model" text NOT NULL,
	"rules" jsonb,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "assignments_workspace_id_context_position_pk" PRIMARY KEY("workspace_id","context","position")
);
--> statement-breakpoint
CREATE TABLE "budgets" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"scope" text NOT NULL,
	"currency" text NOT NULL,
	"limit_nano" bigint,
	"spent_nano" bigint DEFAULT 0 NOT NULL,
	"held_nano" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "call_intents" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"connection_id" uuid NOT NULL,
	"key_version" integer NOT NULL,
	"instance" text NOT NULL,
	"actor" text NOT NULL,
	"origin" text NOT NULL,
	"context" text NOT NULL,
	"attempt" integer NOT NULL,
	"requested_model" text NOT NULL,
	"worst_case_nano" bigint,
	"currency" text NOT NULL,
	"budget_ids" jsonb NOT NULL,
	"intended_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ledger_entries" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"connection_id" uuid NOT NULL,
	"key_version" integer NOT NULL,
	"instance" text NOT NULL,
	"actor" text NOT NULL,
	"origin" text NOT NULL,
	"context" text NOT NULL,
	"attempt" integer NOT NULL,
	"requested_model" text NOT NULL,
	"served_model" text,
	"service_tier" text,
	"provider_request_id" text,
	"outcome" text NOT NULL,
	"error_code" text,
	"status" integer,
	"usage" jsonb,
	"usage_source" text,
	"raw_usage" jsonb,
	"input_parts" jsonb,
	"cost_nano" bigint,
	"list_cost_nano" bigint,
	"cost_source" text,
	"currency" text NOT NULL,
	"price_rows" jsonb,
	"budget_ids" jsonb NOT NULL,
	"charged_nano" bigint NOT NULL,
	"intended_at" timestamp with time zone NOT NULL,
	"sent_at" timestamp with time zone,
	"first_byte_at" timestamp with time zone,
	"ended_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "products" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"source_id" uuid NOT NULL,
	"identifier" text NOT NULL,
	"row" integer NOT NULL,
	"imported" jsonb NOT NULL,
	"written" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"imported_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_import" uuid NOT NULL,
	CONSTRAINT "products_identifier" UNIQUE("source_id","identifier")
);
--> statement-breakpoint
CREATE TABLE "sources" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"location" text NOT NULL,
	"format" jsonb NOT NULL,
	"content_hash" text NOT NULL,
	"imported_hash" text NOT NULL,
	"last_import" uuid NOT NULL,
	"imported_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "sources_location" UNIQUE("workspace_id","location")
);
--> statement-breakpoint
CREATE TABLE "value_changes" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"product_id" uuid NOT NULL,
	"attribute" text NOT NULL,
	"locale" text,
	"channel" text,
	"value" jsonb,
	"replaced" jsonb,
	"state" text NOT NULL,
	"decision" text,
	"flags" jsonb NOT NULL,
	"provenance" jsonb NOT NULL,
	"run_id" uuid,
	"work_hash" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"decided_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "run_items" (
	"run_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"workspace_id" uuid NOT NULL,
	"subject_id" uuid NOT NULL,
	"work_hash" text NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"leased_by" text,
	"lease_ends_at" timestamp with time zone,
	"error_code" text,
	"error_detail" text,
	"cost_nano" bigint,
	"settled_at" timestamp with time zone,
	CONSTRAINT "run_items_run_id_position_pk" PRIMARY KEY("run_id","position")
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"fingerprint" text NOT NULL,
	"series" text NOT NULL,
	"observed" jsonb,
	"settings" jsonb NOT NULL,
	"state" text NOT NULL,
	"pause" jsonb,
	"budget_id" uuid NOT NULL,
	"quote" jsonb,
	"item_count" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "audit_entries" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"detail" jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "keyring"."data_keys" ADD CONSTRAINT "data_keys_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "keyring"."data_keys" ADD CONSTRAINT "data_keys_master_key_id_master_keys_id_fk" FOREIGN KEY ("master_key_id") REFERENCES "public"."master_keys"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "connections" ADD CONSTRAINT "connections_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "assignments" ADD CONSTRAINT "assignments_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "assignments" ADD CONSTRAINT "assignments_connection_id_connections_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connections"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "budgets" ADD CONSTRAINT "budgets_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "call_intents" ADD CONSTRAINT "call_intents_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "call_intents" ADD CONSTRAINT "call_intents_connection_id_connections_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connections"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ledger_entries" ADD CONSTRAINT "ledger_entries_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "products" ADD CONSTRAINT "products_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "products" ADD CONSTRAINT "products_source_id_sources_id_fk" FOREIGN KEY ("source_id") REFERENCES "public"."sources"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sources" ADD CONSTRAINT "sources_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "value_changes" ADD CONSTRAINT "value_changes_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "value_changes" ADD CONSTRAINT "value_changes_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_items" ADD CONSTRAINT "run_items_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_items" ADD CONSTRAINT "run_items_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_budget_id_budgets_id_fk" FOREIGN KEY ("budget_id") REFERENCES "public"."budgets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "audit_entries" ADD CONSTRAINT "audit_entries_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "call_intents_workspace" ON "call_intents" USING btree ("workspace_id","intended_at");--> statement-breakpoint
CREATE INDEX "call_intents_origin" ON "call_intents" USING btree ("origin");--> statement-breakpoint
CREATE INDEX "ledger_entries_workspace_time" ON "ledger_entries" USING btree ("workspace_id","intended_at");--> statement-breakpoint
CREATE INDEX "ledger_entries_origin" ON "ledger_entries" USING btree ("origin");--> statement-breakpoint
CREATE INDEX "products_source_row" ON "products" USING btree ("source_id","row");--> statement-breakpoint
CREATE INDEX "products_workspace" ON "products" USING btree ("workspace_id");--> statement-breakpoint
CREATE INDEX "value_changes_product" ON "value_changes" USING btree ("product_id","created_at");--> statement-breakpoint
CREATE INDEX "value_changes_run" ON "value_changes" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "run_items_state" ON "run_items" USING btree ("run_id","state","position");--> statement-breakpoint
CREATE INDEX "run_items_waiting" ON "run_items" USING btree ("run_id","position") WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX "run_items_subject" ON "run_items" USING btree ("subject_id","work_hash");--> statement-breakpoint
CREATE INDEX "runs_fingerprint" ON "runs" USING btree ("workspace_id","fingerprint");--> statement-breakpoint
CREATE INDEX "runs_workspace" ON "runs" USING btree ("workspace_id","created_at");--> statement-breakpoint
CREATE INDEX "audit_entries_workspace_time" ON "audit_entries" USING btree ("workspace_id","at");
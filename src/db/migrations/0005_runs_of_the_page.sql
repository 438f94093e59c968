CREATE TABLE "contexts" (
	"workspace_id" uuid NOT NULL,
	"context" text NOT NULL,
	"version" integer DEFAULT 0 NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_by" text NOT NULL,
	CONSTRAINT "contexts_workspace_id_context_pk" PRIMARY KEY("workspace_id","context")
);
--> statement-breakpoint
ALTER TABLE "connections" DROP CONSTRAINT "connections_slug";--> statement-breakpoint
ALTER TABLE "assignments" ADD COLUMN "fallback_on" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "recipes" ADD COLUMN "last_used_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "run_items" ADD COLUMN "candidate" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "run_items" ADD COLUMN "escalated" text;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "planned_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "plan" jsonb;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "up_to" integer;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "driver" text;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "driver_lease_ends_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "contexts" ADD CONSTRAINT "contexts_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "connections_slug" ON "connections" USING btree ("workspace_id","slug") WHERE status in ('active', 'revoked');--> statement-breakpoint
CREATE INDEX "runs_under_way" ON "runs" USING btree ("created_at") WHERE state in ('ready', 'running');
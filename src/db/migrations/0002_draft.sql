ALTER TABLE "runs" ADD COLUMN "series" text NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "observed" jsonb;
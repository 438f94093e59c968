ALTER TABLE "value_changes" ADD COLUMN "replaced_change_id" uuid;--> statement-breakpoint
ALTER TABLE "value_changes" ADD COLUMN "decided_by" text;--> statement-breakpoint
ALTER TABLE "value_changes" ADD COLUMN "decision_id" uuid;--> statement-breakpoint
ALTER TABLE "value_changes" ADD COLUMN "before_undo" jsonb;--> statement-breakpoint
CREATE INDEX "value_changes_decision" ON "value_changes" USING btree ("decision_id") WHERE decision_id is not null;
--> statement-breakpoint
-- What was accepted before this migration keeps its undo too: each value replaced the one accepted before it at its place.
-- The owner of the tables sees no rows (FORCE ROW LEVEL SECURITY), so the system's role does it.
SET LOCAL ROLE latchkey_system;
--> statement-breakpoint
UPDATE value_changes SET replaced_change_id = before.id
FROM (
  SELECT id AS later, lag(id) OVER (PARTITION BY product_id, attribute, locale ORDER BY decided_at, id) AS id
  FROM value_changes WHERE state = 'accepted'
) AS before
WHERE value_changes.id = before.later AND before.id IS NOT NULL;
--> statement-breakpoint
RESET ROLE;

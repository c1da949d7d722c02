"""What is asked of Neo4j: the schema and the statements.

    (:Decision)-[:ANSWERS]->(:Intent)            (:Decision)-[:LED_TO]->(:Outcome)
    (:Decision)-[:RESEMBLES]->(:Decision)        (:Task)-[:DEPENDS_ON]->(:Task)
    (:Decision)-[:JUDGES]->(:Plan)-[:HAS_TASK]->(:Task)-[:HAS_ACTION]->(:Action)
    (:Action)-[:IS]->(:Act)-[:DOES]->(:Operation), (:Act)-[:TO]->(:Object), (:Act)-[:IN]->(:Environment)
    (:Plan)-[:SHAPED]->(:Shape)-[:SHOWS]->(:Feature)

An Action is one decision's; an Act (an operation on a kind of object in an environment) is everybody's.
A search answers with one row that holds a list: each row would be a message of its own.
Every node has `hive` (whose it is) and `id`, unique together under its label. Plans with the same
features share one Shape. SHOWS carries its feature and since when it is known: its index finds the
newest shapes with a feature. All writes merge on ids, so repeating one changes nothing. Hints and `WITH ... LIMIT 1`
say where to begin: left to statistics, the planner reads a whole index now and then.

`replan=skip`: a plan stays, because each step is a seek in an index whatever the numbers are; planning
anew now and then would take longer than `similar` may.
"""

from __future__ import annotations

from typing import Any

LABELS = (
    "Decision",
    "Intent",
    "Plan",
    "Task",
    "Action",
    "Act",
    "Operation",
    "Object",
    "Environment",
    "Outcome",
    "Shape",
    "Feature",
)

TITLES = "hive_decision_titles"

SCHEMA = {f"hive_{label.lower()}_id": f"FOR (n:{label}) REQUIRE (n.hive, n.id) IS UNIQUE" for label in LABELS}
SCHEMA = {name: f"CREATE CONSTRAINT {name} IF NOT EXISTS {rest}" for name, rest in SCHEMA.items()} | {
    "hive_decision_newest": "CREATE INDEX hive_decision_newest IF NOT EXISTS FOR (n:Decision) ON (n.shape, n.created_at, n.id)",
    "hive_outcome_decision": "CREATE INDEX hive_outcome_decision IF NOT EXISTS FOR (n:Outcome) ON (n.hive, n.decision_id)",
    "hive_shows_newest": "CREATE INDEX hive_shows_newest IF NOT EXISTS FOR ()-[r:SHOWS]-() ON (r.hive, r.feature, r.since)",
    TITLES: (
        f"CREATE FULLTEXT INDEX {TITLES} IF NOT EXISTS FOR (n:Decision) ON EACH [n.title, n.shape]"
        " OPTIONS {indexConfig: {`fulltext.analyzer`: 'standard-folding'}}"
    ),
}
"""Statement by the name of the constraint or index that it creates."""

SCHEMA_NAMES = "SHOW INDEXES YIELD name, state WHERE state = 'ONLINE' RETURN name"

AWAIT_SCHEMA = "CALL db.awaitIndexes($seconds)"

PING = "CALL dbms.components() YIELD name, versions RETURN versions[0] AS version LIMIT 1"

# A Decision without `created_at` is one that is only known from an outcome.
REMEMBER = """CYPHER replan=skip
UNWIND $entries AS entry
MERGE (d:Decision {hive: $hive, id: entry.id})
WITH d, entry WHERE d.created_at IS NULL
SET d += entry.decision
MERGE (i:Intent {hive: $hive, id: entry.intent_id}) ON CREATE SET i += entry.intent
MERGE (d)-[:ANSWERS]->(i)
MERGE (p:Plan {hive: $hive, id: entry.id}) ON CREATE SET p += entry.plan
MERGE (d)-[:JUDGES]->(p)
WITH d, p, entry
CALL (p, entry) {
  UNWIND entry.tasks AS task
  MERGE (t:Task {hive: $hive, id: task.id}) ON CREATE SET t += task.properties
  MERGE (p)-[:HAS_TASK]->(t)
  WITH t, task
  UNWIND task.actions AS action
  MERGE (a:Action {hive: $hive, id: action.id}) ON CREATE SET a += action.properties
  MERGE (t)-[:HAS_ACTION]->(a)
  MERGE (act:Act {hive: $hive, id: action.act})
  MERGE (a)-[:IS]->(act)
}
CALL (entry) {
  UNWIND entry.acts AS act
  MATCH (what:Act {hive: $hive, id: act.id})
  MERGE (o:Operation {hive: $hive, id: act.operation}) MERGE (what)-[:DOES]->(o)
  MERGE (k:Object {hive: $hive, id: act.object}) MERGE (what)-[:TO]->(k)
  MERGE (e:Environment {hive: $hive, id: act.environment}) MERGE (what)-[:IN]->(e)
}
CALL (entry) {
  UNWIND entry.dependencies AS edge
  MATCH (t:Task {hive: $hive, id: edge[0]}), (before:Task {hive: $hive, id: edge[1]})
  MERGE (t)-[:DEPENDS_ON]->(before)
}
CALL (d, p, entry) {
  UNWIND entry.shapes AS shape
  MERGE (s:Shape {hive: $hive, id: shape.id}) ON CREATE SET s.features = shape.features, s.since = d.created_at
  MERGE (p)-[:SHAPED]->(s)
  WITH s
  UNWIND s.features AS feature
  MERGE (f:Feature {hive: $hive, id: feature})
  MERGE (s)-[shows:SHOWS]->(f) ON CREATE SET shows.hive = $hive, shows.feature = feature, shows.since = s.since
}
CALL (d, entry) {
  UNWIND entry.precedents AS precedent
  MATCH (past:Decision {hive: $hive, id: precedent.id})
  MERGE (d)-[like:RESEMBLES]->(past) ON CREATE SET like.similarity = precedent.similarity
}
"""

REMEMBER_OUTCOME = """CYPHER replan=skip
MERGE (d:Decision {hive: $hive, id: $decision_id})
MERGE (o:Outcome {hive: $hive, id: $id}) ON CREATE SET o += $outcome
MERGE (d)-[:LED_TO]->(o)
"""

FORGET = """CYPHER replan=skip
MATCH (d:Decision {hive: $hive, id: $id})
OPTIONAL MATCH (d)-[:ANSWERS]->(i:Intent)
CALL (d) { MATCH (d)-[:LED_TO]->(o:Outcome) DETACH DELETE o }
CALL (d) {
  MATCH (d)-[:JUDGES]->(p:Plan)
  OPTIONAL MATCH (p)-[:HAS_TASK]->(t:Task)
  OPTIONAL MATCH (t)-[:HAS_ACTION]->(a:Action)
  DETACH DELETE a, t, p
}
DETACH DELETE d
WITH DISTINCT i WHERE i IS NOT NULL AND NOT EXISTS { (i)<-[:ANSWERS]-() }
DELETE i
"""

SHAPES = """CYPHER replan=skip
CALL () {
  MATCH (s:Shape {hive: $hive, id: $shape}) RETURN s, -1 AS clue
  UNION ALL
  UNWIND range(0, size($clues) - 1) AS clue
  CALL (clue) {
    MATCH (s:Shape)-[shows:SHOWS]->()
    USING INDEX SEEK shows:SHOWS(hive, feature, since)
    WHERE shows.hive = $hive AND shows.feature = $clues[clue] AND shows.since IS NOT NULL
    RETURN s ORDER BY shows.hive DESC, shows.feature DESC, shows.since DESC LIMIT $per_clue
  }
  RETURN s, clue
}
WITH s, min(clue) AS clue ORDER BY clue, s.since DESC, s.id LIMIT $most
RETURN collect([s.id, s.features]) AS found
"""

# Decisions of some shapes: the newest of each, and where there are more than these, those that the full-text index finds;
# of a single shape it is not asked when enough of the newest are called exactly so.
DECISIONS = """CYPHER replan=skip
CALL () {
  UNWIND $shapes AS shape
  CALL (shape) {
    MATCH (d:Decision)
    USING INDEX SEEK d:Decision(shape, created_at, id)
    WHERE d.shape = shape AND d.created_at IS NOT NULL AND d.id IS NOT NULL
    RETURN d ORDER BY d.shape DESC, d.created_at DESC, d.id DESC LIMIT $newest
  }
  RETURN collect(d) AS newest
}
CALL (newest) {
  WITH newest, size($shapes) = 1 AND size([d IN newest WHERE d.title = $title]) >= $limit AS enough
  UNWIND CASE WHEN size(newest) < $newest OR enough THEN [] ELSE $words END AS words
  CALL db.index.fulltext.queryNodes($titles, words, {limit: $most}) YIELD node AS d
  RETURN collect(d) AS alike
}
RETURN [d IN newest + [d IN alike WHERE NOT d IN newest] | [d.shape, d.id, d.created_at, d.title, d.verdict]] AS found
"""

LINEAGE = """CYPHER replan=skip
MATCH (d:Decision {hive: $hive, id: $id})
WITH d LIMIT 1
MATCH (d)-[:ANSWERS]->(i:Intent), (d)-[:JUDGES]->(p:Plan)
RETURN d {.*} AS decision, i {.*} AS intent, p {.*} AS plan,
  COLLECT { MATCH (p)-[:HAS_TASK]->(t:Task) RETURN t {.*} ORDER BY t.position } AS tasks,
  COLLECT { MATCH (p)-[:HAS_TASK]->(:Task)-[:HAS_ACTION]->(a:Action) RETURN a.whole ORDER BY a.position } AS actions,
  COLLECT { MATCH (d)-[:LED_TO]->(o:Outcome) RETURN o.whole ORDER BY o.id } AS outcomes
"""

CLEAR = "MATCH (n:{label}) WHERE n.hive = $hive AND n.id IS NOT NULL CALL (n) {{ DETACH DELETE n }} IN TRANSACTIONS OF 5000 ROWS"

WARMING: tuple[tuple[str, dict[str, Any]], ...] = (
    (SHAPES, {"shape": "", "clues": [""], "per_clue": 1, "most": 1}),
    (DECISIONS, {"shapes": [""], "newest": 1, "title": "", "limit": 1, "words": ["title:none"], "titles": TITLES, "most": 1}),
    (REMEMBER, {"entries": []}),
)
"""Statements that change nothing and find next to nothing, with parameters of the types that they get later."""

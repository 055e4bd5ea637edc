// Package backend is the simulator: one HTTP endpoint that speaks AWS's protocols, with all state in PostgreSQL.
//
// It is the composition root. It builds the parts, hands each what it needs, starts them in order and stops them in the
// opposite one; it decides nothing that a part could decide.
//
//	           wire (AWS's protocols)            control (our own small API)
//	                 │                                   │
//	   service/lambda iam sts s3 kinesis sqs sns cognito … │
//	                 │                                   │
//	   ┌─────────────┼───────────────┬───────────────────┤
//	   ▼             ▼               ▼                   ▼
//	push ──▶ authz ──▶ policy      pull ──▶ authz      trace, clock, scripts
//	   │                             │
//	   └────────▶ invoke ◀───────────┘
//	                 │
//	    execute/process · execute/script
//
// Below everything lie agenda (what will happen), postgres (where it is written), clock (when it is) and ident (what it is
// called). The hearts are policy (may it?), push (a source calls) and pull (Lambda polls); each can be read alone.
package backend

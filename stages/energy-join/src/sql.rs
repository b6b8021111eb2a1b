//! `energy_join((samples query), (runs query))` in SQL: a relation whose inputs are ordinary plans.

use super::{columns::Columns, exec::EnergyJoinExec};
use async_trait::async_trait;
use datafusion::{
    catalog::Session,
    common::{DFSchema, DFSchemaRef, plan_err},
    error::Result,
    execution::session_state::SessionStateBuilder,
    logical_expr::{
        Expr, Extension, LogicalPlan, UserDefinedLogicalNode, UserDefinedLogicalNodeCore,
        physical_planning_context::PhysicalPlanningContext,
        planner::{PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning},
    },
    physical_plan::ExecutionPlan,
    physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner},
    sql::sqlparser::ast::{self, FunctionArg, FunctionArgExpr, TableFactor},
};
use std::{cmp::Ordering, fmt, sync::Arc};

const NAME: &str = "energy_join";

/// Teaches a session the relation.
pub fn taught(builder: SessionStateBuilder) -> SessionStateBuilder {
    builder.with_query_planner(Arc::new(Planner)).with_relation_planners(vec![Arc::new(Relation)])
}

#[derive(Debug)]
struct Relation;

impl RelationPlanner for Relation {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        let (arguments, alias) = match relation {
            TableFactor::Table { name, args: Some(arguments), alias, .. }
                if name.to_string().eq_ignore_ascii_case(NAME) =>
            {
                (arguments, alias)
            }
            other => return Ok(RelationPlanning::Original(Box::new(other))),
        };
        let mut inputs = Vec::new();
        for argument in arguments.args {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(ast::Expr::Subquery(query))) = argument else {
                return plan_err!(
                    "energy_join takes two queries, not {argument}: energy_join((select ..), (select ..))"
                );
            };
            inputs.push(context.plan(TableFactor::Derived {
                lateral: false,
                subquery: query,
                alias: None,
                sample: None,
            })?);
        }
        let count = inputs.len();
        let Ok([samples, runs]) = <[LogicalPlan; 2]>::try_from(inputs) else {
            return plan_err!("energy_join takes two queries, not {count}: energy_join((select ..), (select ..))");
        };
        let plan = LogicalPlan::Extension(Extension { node: Arc::new(EnergyJoin::new(samples, runs)?) });
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(plan, alias))))
    }
}

/// The logical node.
#[derive(Debug, PartialEq, Eq, Hash)]
struct EnergyJoin {
    samples: LogicalPlan,
    runs: LogicalPlan,
    columns: Columns,
    schema: DFSchemaRef,
}

impl EnergyJoin {
    fn new(samples: LogicalPlan, runs: LogicalPlan) -> Result<Self> {
        let columns = Columns::new(samples.schema().as_arrow(), runs.schema().as_arrow())?;
        let schema = Arc::new(DFSchema::try_from(columns.output(runs.schema().as_arrow()))?);
        Ok(EnergyJoin { samples, runs, columns, schema })
    }
}

impl PartialOrd for EnergyJoin {
    fn partial_cmp(&self, _: &Self) -> Option<Ordering> {
        None
    }
}

impl UserDefinedLogicalNodeCore for EnergyJoin {
    fn name(&self) -> &str {
        "EnergyJoin"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.samples, &self.runs]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "EnergyJoin: series={:?}", self.columns.keys)
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        match <[LogicalPlan; 2]>::try_from(inputs) {
            Ok([samples, runs]) => EnergyJoin::new(samples, runs),
            Err(_) => plan_err!("energy_join has two inputs"),
        }
    }
}

#[derive(Debug)]
struct Planner;

#[async_trait]
impl datafusion::execution::context::QueryPlanner for Planner {
    async fn create_physical_plan(&self, plan: &LogicalPlan, session: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(Extended)]);
        planner.create_physical_plan(plan, session).await
    }
}

struct Extended;

#[async_trait]
impl ExtensionPlanner for Extended {
    async fn plan_extension(
        &self,
        _: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        _: &dyn Session,
        _: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        match (node.as_any().downcast_ref::<EnergyJoin>(), inputs) {
            (Some(_), [samples, runs]) => Ok(Some(Arc::new(EnergyJoinExec::new(samples.clone(), runs.clone())?))),
            _ => Ok(None),
        }
    }
}

-- Ratios of rates of the instances that the study priced, with the days of which both are, or why there is none.
select provider, region, instance, tier, ratio_of_rates, saving_pct, on_demand_as_of, as_of, reason
from tier_saving
where
    (provider = 'aws' and region = 'us-east-1' and instance = 'g5.xlarge')
    or (provider = 'azure' and region = 'eastus' and instance = 'Standard_NC4as_T4_v3')
    or (provider = 'gcp' and region = 'us-central1' and instance = 'a2-highgpu-1g')
order by provider, tier

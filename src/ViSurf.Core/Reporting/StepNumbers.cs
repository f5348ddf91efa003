using ViSurf.Core.Reporting.Charts;
using ViSurf.Core.Training;

namespace ViSurf.Core.Reporting;

/// <summary>The numbers of a step that are drawn, by key. What a step does not have has no entry.</summary>
internal static class StepNumbers
{
    public const string
        Reward = "reward/mean", Deviation = "reward/deviation", Label = "reward/label", Used = "label/used", Neutral = "groups/neutral", Uniform = "groups/uniform",
        SkippedGroups = "groups/skipped", Length = "length/mean", Longest = "length/longest", LabelLength = "length/label", Truncated = "length/truncated",
        Loss = "update/loss", Norm = "update/gradient_norm", Rate = "update/learning_rate",
        Encode = "seconds/encode", Rollout = "seconds/rollout", Judge = "seconds/reward", Update = "seconds/update", Speed = "tokens_per_second", HostMemory = "memory/host_gib", DeviceMemory = "memory/device_gib",
        ComponentRollouts = "component/rollouts/", ComponentLabels = "component/labels/", Metric = "metric/";

    private const double Gibibyte = 1L << 30;

    public static IReadOnlyDictionary<string, Spread> Of(StepReport report)
    {
        var numbers = new Dictionary<string, Spread>(StringComparer.Ordinal);
        var (rewards, lengths, times) = (report.Rewards, report.Lengths, report.Times);
        Add(Reward, rewards.Mean);
        Add(Deviation, rewards.Deviation);
        Add(Label, rewards.LabelMean);
        Add(Used, rewards.LabelUsed);
        Add(Neutral, rewards.NeutralGroups);
        Add(Uniform, rewards.UniformRollouts);
        Add(SkippedGroups, report.SkippedGroups.Count);
        foreach (var component in rewards.Components)
        {
            Add(ComponentRollouts + component.Name, component.Rollouts);
            Add(ComponentLabels + component.Name, component.Labels);
        }
        Add(Length, lengths.Mean);
        Add(Longest, lengths.Longest);
        Add(LabelLength, lengths.LabelMean);
        Add(Truncated, lengths.Truncated);
        foreach (var update in report.Updates)
        {
            Add(Loss, update.Loss);
            Add(Norm, update.GradientNorm);
            Add(Rate, update.LearningRate);
            foreach (var (name, value) in update.Metrics.Where(m => !ScoreMetrics.IsToldBetter(m.Key, update.Metrics))) Add(Metric + Shown(name), value);
        }
        Add(Encode, times.Encode);
        Add(Rollout, times.Rollout);
        Add(Judge, times.Reward);
        Add(Update, times.Update);
        Add(Speed, times.Total > 0 ? (lengths.PromptTokens + lengths.CompletionTokens) / times.Total : null);
        Add(HostMemory, report.Memory?.Host / Gibibyte);
        Add(DeviceMemory, report.Memory?.Device / Gibibyte);
        return numbers;

        static string Shown(string name) => ScoreMetrics.Better.FirstOrDefault(known => known.Value == name).Key ?? name;

        // Several updates of a step are one number with a range.
        void Add(string key, double? value)
        {
            if (value is not { } v) return;
            var spread = Spread.Of(v);
            numbers[key] = numbers.TryGetValue(key, out var earlier) ? earlier.With(spread) : spread;
        }
    }
}

using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>Hands results out of the dispose scope they were computed in.</summary>
internal static class ObjectiveScope
{
    /// <summary>Loss and metrics move to the caller, which owns them; everything else of the scope goes.</summary>
    public static ObjectiveResult Result(Tensor loss, IEnumerable<(string Name, Tensor Value)> metrics)
        => ObjectiveResult.Of(loss.DetachFromDisposeScope(), [.. metrics.Select(m => (m.Name, m.Value.DetachFromDisposeScope()))]);
}

namespace ViSurf.Core.Models.Layers;

/// <summary>A layer that has two ways to compute the same: of small operators, or of few fused ones.</summary>
internal interface IFusable
{
    /// <summary>Whether to take the fused way from now on, where the libtorch that runs has what it needs.</summary>
    /// <value>false.</value>
    bool Fused { set; }
}
